import { constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import {
  type DestinationStream,
  type Level,
  type LevelWithSilent,
  type Logger,
  pino,
  type StreamEntry,
} from 'pino'
import { prettyFactory } from 'pino-pretty'
import { foreignCodeOf, HubError, messageOf } from '../errors.js'
import { LogFile, MAX_UNWRITTEN } from './log-file.js'

/** Bytes that a pipe takes as a whole, so that workers that share it tear no lines. [spec] */
const PIPE_BUF = 4096

/** Ms after which a pipe or terminal that takes no more is tried again. */
const RETRY = 100

/** Ms that the last lines of a process which fails wait for who reads them. */
const LAST_WAIT = 1000

interface Stderr extends DestinationStream {
  /** What pino calls before the process ends. */
  flushSync(): void
}

/**
 * The hub's log: on standard error, for people on a terminal and as JSON else; and, where a
 * folder is configured, in `ssehub.log` there. [ssehub]
 *
 * @throws {HubError} `INVALID_CONFIG` if the folder cannot be written to
 */
export function createLogger(level: LevelWithSilent, logdir: string | undefined): Logger {
  const threshold: Level = level === 'silent' ? 'fatal' : level
  const stderr = isatty(2) ? forPeople(toStderr(openTerminal())) : toStderr(2)
  const streams: StreamEntry[] = [{ level: threshold, stream: stderr }]
  if (logdir !== undefined) {
    const file = openFile(logdir, tellOnce(pino({ level }, stderr)))
    streams.push({ level: threshold, stream: file })
  }
  return pino({ level }, pino.multistream(streams))
}

function forPeople(terminal: Stderr): Stderr {
  const prettify = prettyFactory({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss' })
  return { ...terminal, write: (line) => terminal.write(prettify(line) ?? '') }
}

/**
 * The terminal of standard error, in a descriptor of its own that does not wait for one that is
 * stopped, as by Ctrl-S; whoever may not open it, as after `su`, waits.
 */
function openTerminal(): number {
  try {
    return openSync('/dev/stderr', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch {
    return 2
  }
}

/** Standard error; where its reader stalls, lines wait for it, and the hub does not. */
function toStderr(fd: number): Stderr {
  const stderr = pino.destination({
    dest: fd,
    sync: true,
    maxLength: MAX_UNWRITTEN,
    maxWrite: PIPE_BUF,
    retryEAGAIN: () => false, // else pino sleeps until there is room, and all of the hub with it
  })
  let isToRetry = false
  stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EAGAIN' || isToRetry) return // where nobody reads it, the hub goes on
    isToRetry = true
    setTimeout(() => {
      isToRetry = false
      stderr.write('')
    }, RETRY).unref()
  })
  return { write: (line) => stderr.write(line), flushSync: () => flush(stderr) }
}

function flush(stderr: Pick<Stderr, 'flushSync'>): void {
  const end = performance.now() + LAST_WAIT
  const clock = new Int32Array(new SharedArrayBuffer(4))
  while (performance.now() < end) {
    try {
      stderr.flushSync()
      return
    } catch (error) {
      if (foreignCodeOf(error) !== 'EAGAIN') return // nobody reads it
      Atomics.wait(clock, 0, 0, RETRY / 10)
    }
  }
}

/** A log that cannot be written, on a full disk say, is to cost lines and nothing else. */
function tellOnce(logger: Logger): (error: Error) => void {
  let isTold = false
  return (error) => {
    if (!isTold) logger.error({ err: error }, 'the log file cannot be written; lines are lost')
    isTold = true
  }
}

function openFile(logdir: string, onError: (error: Error) => void): LogFile {
  try {
    return new LogFile(join(logdir, 'ssehub.log'), onError)
  } catch (error) {
    throw new HubError(
      'INVALID_CONFIG',
      `server.logdir: cannot write a log to ${logdir}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
