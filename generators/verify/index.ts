import { FluxGenerator } from '../../lib/generator.ts';

export default class VerifyGenerator extends FluxGenerator {
  readonly command = 'verify';
}
