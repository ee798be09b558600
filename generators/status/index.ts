import { FluxGenerator } from '../../lib/generator.ts';

export default class StatusGenerator extends FluxGenerator {
  readonly command = 'status';
}
