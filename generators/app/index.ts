import { FluxGenerator } from '../../lib/io/generator.ts';

export default class AppGenerator extends FluxGenerator {
  readonly command = 'app';
}
