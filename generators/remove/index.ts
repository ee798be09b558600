import { FluxGenerator } from '../../lib/generator.ts';

export default class RemoveGenerator extends FluxGenerator {
  readonly command = 'remove';
}
