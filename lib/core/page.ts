import { splitOnce } from './arguments.ts';
import type { Problem } from './errors.ts';
import { type Defaults, type Environment, readSetting, type Texts } from './estate.ts';

/** The demo app's settings, which differ from environment to environment. */
export type Page = { readonly replicas: number; readonly colour: string; readonly content: string };

export const PAGE_KEYS = [
  'replicas',
  'colour',
  'content',
] as const satisfies readonly (keyof Page)[];

const REFERENCE_PAGES = new Map<string, Pick<Page, 'colour' | 'content'>>([
  ['dev', { colour: 'Cornsilk', content: 'Test message' }],
  ['stage', { colour: 'Wheat', content: 'This is the staging environment' }],
  ['prod', { colour: 'LightSteelBlue', content: 'This is the production environment' }],
]);
const COLOURS = [
  'Bisque',
  'DarkSeaGreen',
  'Khaki',
  'Moccasin',
  'NavajoWhite',
  'SeaGreen',
  'Silver',
];

/** The page that environment `name` has when nothing is said: always the same for the same name. */
export function ownPage(name: string): Page {
  const sum = [...name].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  const own = {
    colour: COLOURS[sum % COLOURS.length] ?? '',
    content: `This is the ${name} environment`,
  };
  return { replicas: 1, ...(REFERENCE_PAGES.get(name) ?? own) };
}

/** What a run says about pages. */
export type PageGiven = {
  readonly all: Partial<Page>;
  readonly each: ReadonlyMap<string, Partial<Page>>;
};

/** What `--replicas`, `--colour` and `--content` say for all `environments` of a run, and for each. */
export function givenPages(
  texts: Texts,
  environments: readonly string[],
  problems: Problem[],
): PageGiven {
  const known = new Set(environments);
  const all: Record<string, unknown> = {};
  const each = new Map<string, Record<string, unknown>>();
  for (const key of PAGE_KEYS)
    for (const text of texts[key] ?? []) {
      const [name, own] = splitOnce(text, '=');
      const one = own !== undefined && known.has(name);
      const value = readSetting(key, one ? own : text, problems);
      if (!one) all[key] = value;
      else each.set(name, { ...each.get(name), [key]: value });
    }
  return { all, each };
}

/** Where the values of an environment come from; the later ones beat the earlier ones. */
export type Sources = {
  readonly defaults: Defaults;
  readonly recorded: readonly Environment[];
  readonly own: Partial<Defaults>;
  readonly pages: PageGiven;
};

/** A function that puts an environment together from `sources`. */
export function composer({ defaults, recorded, own, pages }: Sources) {
  const known = new Map(recorded.map((environment) => [environment.name, environment]));
  return (name: string, repo: string): Environment => ({
    ...defaults,
    ...ownPage(name),
    ...known.get(name),
    ...own,
    ...pages.all,
    ...pages.each.get(name),
    name,
    repo,
  });
}
