import { FluxGenerator } from '../../lib/io/generator.ts';

export default class TenantGenerator extends FluxGenerator {
  readonly command = 'tenant';
}
