/**
 * Hooks (pre-receive) that refuse a push in the words of GitHub. They look at what was pushed: a
 * push without the fault passes.
 */

/** Runs `check` for each pushed commit ($new); a check that fails refuses the push. */
function forEachPush(check: string): string {
  return `while read old new ref; do\n${check}\ndone`;
}

/** GH001, for files over `limit` bytes: docs.github.com/repositories/working-with-files/managing-large-files */
export const largeFiles = (limit: number) =>
  forEachPush(`git ls-tree -r -l "$new" | while read mode type id size path; do
  if [ "$size" -gt ${limit} ]; then
    echo "error: Trace: 0a1b2c" >&2
    echo "error: See https://gh.io/lfs for more information." >&2
    echo "error: File $path is 120.00 MB; this exceeds GitHub's file size limit of 100.00 MB" >&2
    echo "error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com." >&2
    exit 1
  fi
done || exit 1`);

/** GH006: a protected branch. */
export const protectedBranch = forEachPush(`if [ "$ref" = refs/heads/main ]; then
  echo "error: GH006: Protected branch update failed for refs/heads/main." >&2
  echo "error: Changes must be made through a pull request." >&2
  exit 1
fi`);

/** GH013 for a ruleset. */
export const ruleset =
  forEachPush(`echo "error: GH013: Repository rule violations found for $ref." >&2
echo "Review all repository rules at https://github.com/octo/flux-dev/rules?ref=refs%2Fheads%2Fmain" >&2
echo "" >&2
echo "- Commits must have verified signatures." >&2
exit 1`);

/** GH013 for push protection; it looks for a secret in what was pushed. */
export const pushProtection = forEachPush(`if git grep -q SECRET_ "$new" --; then
  echo "error: GH013: Repository rule violations found for $ref." >&2
  echo "" >&2
  echo "- GITHUB PUSH PROTECTION" >&2
  echo "  —————————————————————————————————————————" >&2
  echo "    Resolve the following violations before pushing again" >&2
  echo "" >&2
  echo "    - Push cannot contain secrets" >&2
  echo "" >&2
  echo "      —— Amazon AWS Access Key ID ——————————————————————————" >&2
  echo "       locations:" >&2
  echo "         - commit: $new" >&2
  echo "           path: README.md:1" >&2
  echo "" >&2
  echo "       (?) To push, remove secret from commit(s) or follow this URL to allow the secret." >&2
  echo "       https://github.com/octo/flux-dev/security/secret-scanning/unblock-secret/2abc" >&2
  exit 1
fi`);

/** A classic token without the scope workflow. */
export const workflowScope = forEachPush(`for path in $(git ls-tree -r --name-only "$new"); do
  case "$path" in .github/workflows/*)
    echo "refusing to allow a Personal Access Token to create or update workflow \\\`$path\\\` without \\\`workflow\\\` scope" >&2
    exit 1;;
  esac
done`);

/** GH007: an address that the account keeps private. */
export const privateEmail = forEachPush(`if git log --format=%ae "$new" | grep -q private@; then
  echo "error: GH007: Your push would publish a private email address." >&2
  echo "You can make your email public or disable this protection by visiting:" >&2
  echo "https://github.com/settings/emails" >&2
  exit 1
fi`);
