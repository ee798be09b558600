import { FluxGenerator } from '../../lib/generator.ts';

export default class AdoptGenerator extends FluxGenerator {
  readonly command = 'adopt';
}
