import { FluxGenerator } from '../../lib/generator.ts';

export default class AppGenerator extends FluxGenerator {
  readonly command = 'app';
}
