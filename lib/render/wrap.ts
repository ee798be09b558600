/** `text` in lines of at most `width` characters, as far as its words allow. Each line starts with `indent`. */
export function wrapWords(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? `${indent}${word}` : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** `words` in one line: all of a few, otherwise the first five and how many more there are. */
export function listed(words: readonly string[]): string {
  return words.length <= 6
    ? words.join(', ')
    : `${words.slice(0, 5).join(', ')} and ${words.length - 5} more`;
}
