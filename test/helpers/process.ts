import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { allClosed } from './all-closed.js'
import { bequeath } from './heir.js'

/** What tests have started and has not ended. */
const ofTest = new Set<ChildProcess>()
const ofRun = new Set<ChildProcess>()

/**
 * Sees to it that a process ends with its test at the latest, and all that it starts with it.
 *
 * @param child is to be `detached`: a group of its own
 */
export function endWithTest<C extends ChildProcess>(child: C): C {
  return watch(child, ofTest)
}

/**
 * Sees to it that a process ends with the last test at the latest, and all that it starts with
 * it: for servers that many tests share.
 *
 * @param child is to be `detached`: a group of its own
 */
export function endWithRun<C extends ChildProcess>(child: C): C {
  return watch(child, ofRun)
}

// Loaded outside of any `describe`, these go for all tests; they come after the tests' own hooks.
// Where no tests run, as in what is run by hand, all of it ends with this process.
if ('afterEach' in globalThis) {
  afterEach(() => end(ofTest))
  after(async function () {
    this.timeout(0)
    await end(ofRun)
    await allClosed()
  })
}

function watch<C extends ChildProcess>(child: C, children: Set<ChildProcess>): C {
  children.add(child)
  tellHeir()
  child.once('close', () => {
    children.delete(child)
    tellHeir()
  })
  return child
}

async function end(children: Set<ChildProcess>): Promise<void> {
  for (const child of children) {
    const closed = once(child, 'close')
    kill(child)
    await closed
  }
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}

function tellHeir(): void {
  bequeath([...ofTest, ...ofRun].flatMap(({ pid = [] }) => pid))
}
