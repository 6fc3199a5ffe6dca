import type { RootHookObject } from 'mocha'

/** Ms after the last test in which the process has to end by itself. */
const GRACE = 30_000

/** Ends a run that something which a test left open would keep from ending, and says what. */
export const mochaHooks: RootHookObject = {
  afterAll() {
    setTimeout(() => {
      const left = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(`the tests are done, but this keeps them from ending: ${left}\n`)
      process.exit(1)
    }, GRACE).unref()
  },
}
