import type { Tree } from './description.ts';
import type { App, ReadingToken, World } from './world.ts';

/** An answer, before it is sent. */
export type Reply = { status: number; body?: unknown; headers?: Record<string, string> };
/** A request, taken apart. */
export type Call = {
  standIn: World;
  values: string[];
  body: Tree;
  query: URLSearchParams;
  caller: Caller;
};

/** Who asks: the user of the tests, a token that only reads, an App, or nobody. */
export type Caller = 'user' | 'nobody' | ReadingToken | App;

const docs = { documentation_url: 'https://docs.github.com/rest' };
/** GitHub's form of an error. */
export const fail = (status: number, message: string, more: Tree = {}): Reply => ({
  status,
  body: { message, ...docs, ...more },
});
export const NOT_FOUND = fail(404, 'Not Found', { status: '404' });

/** A success with its body. */
export function ok(body: unknown): Reply {
  return { status: 200, body };
}
