// What the tests run inside a page of Chromium.

/** What is wrong with the SVG of this page, a sentence each. */
globalThis.faultsOfPicture = () => {
  const svg = document.querySelector('svg');
  const texts = [...svg.querySelectorAll('text')].map((node) => ({ node, box: node.getBBox() }));
  const rects = [...svg.querySelectorAll('rect')].map((node) => ({ node, box: node.getBBox() }));
  const lines = [...svg.querySelectorAll('path.line')];
  return [
    ...faultsOfFrame(svg),
    ...texts.flatMap(({ node, box }, index) => [
      ...(isInside(box, svg.viewBox.baseVal, 2) ? [] : [`${named(node)} leaves the picture`]),
      ...rects
        .filter((rect) => touch(box, rect.box, 0) && !isInside(box, rect.box, 3))
        .map(() => `${named(node)} crosses the edge of a box`),
      ...texts
        .slice(index + 1)
        .filter((other) => touch(box, other.box, -0.5))
        .map((other) => `${named(node)} and ${named(other.node)} overlap`),
      ...(lines.some((line) => pointsOf(line).some((point) => touch(box, pointBox(point), 1)))
        ? [`${named(node)} is crossed by a line`]
        : []),
      ...faultsOfContrast(node, cornersOf(box), 'fill', 4.5),
    ]),
    ...lines.flatMap((line) => faultsOfContrast(line, pointsOf(line), 'stroke', 3)),
  ];
};

/** Where Mermaid puts the middle of each node of `source`, by the node's name. */
globalThis.drawMermaid = async (source, layout) => {
  const { mermaid } = globalThis;
  mermaid.initialize({ startOnLoad: false, layout });
  const { svg } = await mermaid.render('picture', source);
  document.body.innerHTML = svg;
  const nodes = [...document.querySelectorAll('svg .node')].map((node) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    const [name] = /(repo|env)\d+[a-z]*(?=-\d+$)/.exec(node.id);
    return [name, { x: x + width / 2, y: y + height / 2 }];
  });
  return Object.fromEntries(nodes);
};

function faultsOfFrame(svg) {
  const labels = (svg.getAttribute('aria-labelledby') ?? '').split(' ');
  const spoken = labels.map((id) => svg.querySelector(`:scope > #${id || 'none'}`)?.textContent);
  const scale = 800 / Math.max(800, svg.viewBox.baseVal.width);
  const sizes = [...svg.querySelectorAll('text')].map((node) =>
    Number.parseFloat(getComputedStyle(node).fontSize),
  );
  return [
    ...(svg.getAttribute('role') === 'img' && spoken.length === 2 && spoken.every(Boolean)
      ? []
      : ['a screen reader finds no title and description']),
    ...(Math.min(...sizes) * scale < 10.5 ? ['letters are too small at 800 pixels'] : []),
    // The checks compare boxes in the coordinates of the picture.
    ...(svg.querySelector('[transform]') ? ['a transformed element cannot be checked'] : []),
  ];
}

const named = (node) => `"${node.textContent || node.getAttribute('d')}"`;

const isInside = (inner, outer, room) =>
  inner.x >= outer.x + room &&
  inner.y >= outer.y + room &&
  inner.x + inner.width <= outer.x + outer.width - room &&
  inner.y + inner.height <= outer.y + outer.height - room;

const touch = (a, b, room) =>
  a.x < b.x + b.width + room &&
  b.x < a.x + a.width + room &&
  a.y < b.y + b.height + room &&
  b.y < a.y + a.height + room;

const pointBox = ({ x, y }) => ({ x, y, width: 0, height: 0 });

function cornersOf({ x, y, width, height }) {
  const xs = [x + 1, x + width / 2, x + width - 1];
  return xs.flatMap((one) => [y + 1, y + height - 1].map((other) => ({ x: one, y: other })));
}

function pointsOf(line) {
  const length = line.getTotalLength();
  return Array.from({ length: 41 }, (_, index) => line.getPointAtLength((length * index) / 40));
}

/** Compares the colour of `node` with what lies behind it at each of `points`. */
function faultsOfContrast(node, points, property, least) {
  const front = colourOf(node, property);
  if (!front) return [`${named(node)} is not opaque`];
  const ratios = points.map((point) => {
    const behind = colourBehind(node, point);
    return behind ? contrast(front, behind) : 0;
  });
  const worst = Math.min(...ratios);
  return worst < least ? [`${named(node)} has a contrast of ${worst.toFixed(1)}`] : [];
}

function colourBehind(node, point) {
  const { x, y } = new DOMPoint(point.x, point.y).matrixTransform(node.getScreenCTM());
  const shapes = document
    .elementsFromPoint(x, y)
    .filter((one) => one !== node && one instanceof SVGGeometryElement && !one.matches('.line'));
  return shapes[0] && colourOf(shapes[0], 'fill');
}

/** Red, green and blue; nothing for what is not opaque, because the checks mix no colours. */
function colourOf(node, property) {
  const style = getComputedStyle(node);
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(style[property]);
  const opaque = [style.opacity, style[`${property}Opacity`]].every((one) => Number(one) === 1);
  return parts && opaque ? parts.slice(1).map(Number) : undefined;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The relative luminance that WCAG 2 defines. */
function luminance(colour) {
  const [red, green, blue] = colour
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
