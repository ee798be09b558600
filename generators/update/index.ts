import { FluxGenerator } from '../../lib/generator.ts';

export default class UpdateGenerator extends FluxGenerator {
  readonly command = 'update';
}
