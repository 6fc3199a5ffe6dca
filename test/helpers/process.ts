import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What tests have started and has not ended. */
const running = new Set<ChildProcess>()

/**
 * Sees to it that a process ends with its test at the latest, and all that it starts with it.
 *
 * @param child is to be `detached`: a group of its own
 */
export function endWithTest<C extends ChildProcess>(child: C): C {
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

// Loaded outside of any `describe`, this goes for all tests; it comes after their own hooks.
afterEach(async () => {
  for (const child of running) {
    const closed = once(child, 'close')
    kill(child)
    await closed
  }
})

process.on('exit', () => {
  for (const child of running) kill(child)
})

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}
