import { FluxGenerator } from '../../lib/generator.ts';

export default class RenameGenerator extends FluxGenerator {
  readonly command = 'rename';
}
