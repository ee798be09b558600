import type { IncomingMessage, ServerResponse } from 'node:http';

/** Something that goes wrong on the way. */
export type Fault = {
  /** Matches "METHOD /path". */
  on: RegExp;
  /** Instead of the effect, or after it with the answer lost. */
  when: 'before' | 'after';
  /** How often; every time by default. */
  times?: number;
  /** Requests that pass before the first one that fails. */
  skip?: number;
  /** Without a status the connection is closed. */
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
};

/** The fault for this request; it is used up by it. */
export function findFault(faults: readonly Fault[], line: string): Fault | undefined {
  return faults.find((fault) => {
    if (!fault.on.test(line)) return false;
    if ((fault.skip ?? 0) > 0) {
      fault.skip = (fault.skip ?? 0) - 1;
      return false;
    }
    if (fault.times === undefined) return true;
    fault.times -= 1;
    return fault.times >= 0;
  });
}

/** Answers with the fault. */
export function inject(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (fault.status === undefined) {
    response.destroy();
    return;
  }
  const body =
    typeof fault.body === 'string'
      ? fault.body
      : JSON.stringify(fault.body ?? { message: 'Fault' });
  const type = typeof fault.body === 'string' ? 'text/plain' : 'application/json; charset=utf-8';
  response.writeHead(fault.status, { 'content-type': type, ...fault.headers }).end(body);
}
