import { FluxGenerator } from '../../lib/generator.ts';

export default class CredentialsGenerator extends FluxGenerator {
  readonly command = 'credentials';
}
