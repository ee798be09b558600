// The page of `npm run cluster`, in the browser. Texts of the cluster only become text, and colours only a style.

const PAUSE = 1000;
/** How long a change stays marked (milliseconds). */
const MARKED = 5000;

const main = document.querySelector('main');
const state = document.querySelector('#state');
const template = document.querySelector('template');
const sections = new Map();

async function refresh() {
  try {
    const response = await fetch('state.json');
    if (!response.ok) throw new Error(await response.text());
    show(await response.json());
    state.textContent = `As of ${new Date().toLocaleTimeString()}. This page looks every second.`;
  } catch (error) {
    state.textContent = `The cluster does not answer: ${error.message}`;
  }
  setTimeout(refresh, PAUSE);
}

function show(environments) {
  const names = new Set(environments.map(({ name }) => name));
  for (const [name, { section }] of sections)
    if (!names.has(name)) {
      section.remove();
      sections.delete(name);
    }
  for (const one of environments) fill(sectionFor(one.name), one);
}

function sectionFor(name) {
  const known = sections.get(name);
  if (known) return known;
  const section = template.content.cloneNode(true).querySelector('section');
  section.dataset.name = name;
  main.append(section);
  const added = { section, shown: undefined, timer: undefined };
  sections.set(name, added);
  return added;
}

function fill(entry, one) {
  const shown = JSON.stringify(one);
  if (shown === entry.shown) return;
  const { section } = entry;
  const text = (selector, value) => {
    section.querySelector(selector).textContent = value;
  };
  text('h2', `${one.name}, namespace ${one.namespace}`);
  text('.page', one.app ? one.app.content : 'kcheck is not on the cluster.');
  text('[data-of=replicas]', one.app ? `${one.app.ready} of ${one.app.replicas} ready` : '-');
  text('[data-of=generation]', one.app ? one.app.generation : '-');
  text('[data-of=revision]', one.revision);
  text('[data-of=ready]', one.ready);
  text('.message', one.message);
  paint(section.querySelector('.page'), one.app?.colour);
  if (entry.shown !== undefined) mark(entry);
  entry.shown = shown;
}

/** Gives `page` the background `colour`. The browser ignores what is not a colour. */
function paint(page, colour) {
  page.classList.toggle('absent', colour === undefined);
  page.style.backgroundColor = '';
  page.style.color = '';
  if (colour === undefined) return;
  page.style.backgroundColor = colour;
  const [red, green, blue] = getComputedStyle(page)
    .backgroundColor.match(/[\d.]+/g)
    .map(Number);
  const isDark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  if (page.style.backgroundColor !== '') page.style.color = isDark ? 'white' : 'black';
}

function mark(entry) {
  entry.section.classList.add('changed');
  clearTimeout(entry.timer);
  entry.timer = setTimeout(() => entry.section.classList.remove('changed'), MARKED);
}

refresh();
