import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

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
 * Sees to it that a process ends with the last test at the latest, for servers that many tests
 * share.
 *
 * @param child is to be `detached`: a group of its own
 */
export function endWithRun<C extends ChildProcess>(child: C): C {
  return watch(child, ofRun)
}

function watch<C extends ChildProcess>(child: C, group: Set<ChildProcess>): C {
  group.add(child)
  bequeath()
  child.once('close', () => {
    group.delete(child)
    bequeath()
  })
  return child
}

// Loaded outside of any `describe`, these go for all tests; they come after the tests' own hooks.
afterEach(() => end(ofTest))
after(() => end(ofRun))

process.on('exit', () => {
  for (const child of [...ofTest, ...ofRun]) kill(child)
})

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

/** Reads the groups that are running, a line for every change, and ends the last of them. */
const HEIR = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -KILL -- $groups'

let heir: Socket | undefined

/**
 * Tells the heir what is running: a process that ends what is left when this one is killed
 * and cannot do so itself.
 */
function bequeath(): void {
  heir ??= startHeir()
  const groups = [...ofTest, ...ofRun].flatMap(({ pid }) => (pid === undefined ? [] : `-${pid}`))
  heir.write(`${groups.join(' ')}\n`)
}

function startHeir(): Socket {
  const child = spawn('sh', ['-c', HEIR], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  const input = child.stdin as Socket
  input.unref()
  input.on('error', () => {}) // someone has ended it
  return input
}
