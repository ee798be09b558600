/** The problems of commands that must run in an estate, in the same words for all of them. */
import type { Problem } from '../errors.ts';

const INTO = { flag: '--into', settings: ['into'] };

/** The problem that `folder` is in no config repo; `example` is a run of the command. */
export function notInConfigRepo(folder: string, example: string): Problem {
  return {
    given: `the folder ${folder}`,
    rule: 'this command must run inside a config repo, or in the folder that contains one, but neither this folder nor one above it has the .yo-rc.json of a config repo',
    example: `${example} --into flux-demo`,
    ...INTO,
  };
}

/** The problem that `folder` is in no repository of an estate; `example` is a run of the command. */
export function notInEstate(folder: string, example: string): Problem {
  return {
    given: `the folder ${folder}`,
    rule: 'this command must run inside a repository of an estate, or in the folder that contains one config repo, but neither this folder nor one above it has the .yo-rc.json of such a repository',
    example: `${example} --into flux-demo`,
    ...INTO,
  };
}
