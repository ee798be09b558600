type Write = NodeJS.WriteStream['write'];

const hidden = new Set<string>();
let wrapped = false;

/**
 * Replaces `token`, in every shape it is sent in, by *** in all that this process prints from now
 * on. simple-git logs the whole environment of its child processes under DEBUG, so printing is the
 * one place where a leak can be stopped.
 */
export function hideToken(token: string): void {
  const basic = Buffer.from(`x-access-token:${token}`);
  const shapes = [token, encodeURIComponent(token), Buffer.from(token).toString('base64')];
  for (const shape of [...shapes, basic.toString('base64'), basic.toString('base64url')]) {
    hidden.add(shape);
  }
  if (wrapped) return;
  wrapped = true;
  wrap(process.stdout);
  wrap(process.stderr);
}

/** `text` without any hidden token. */
export function withoutTokens(text: string): string {
  let clean = text;
  for (const shape of hidden) clean = clean.replaceAll(shape, '***');
  return clean;
}

function wrap(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  const hiding = (chunk: unknown, ...rest: unknown[]) => write(clean(chunk), ...rest);
  stream.write = hiding as Write;
}

function clean(chunk: unknown): unknown {
  if (typeof chunk === 'string') return withoutTokens(chunk);
  if (!(chunk instanceof Uint8Array)) return chunk;
  const text = Buffer.from(chunk).toString('latin1');
  const safe = withoutTokens(text);
  return safe === text ? chunk : Buffer.from(safe, 'latin1');
}
