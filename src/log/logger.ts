import { join } from 'node:path'
import { type Level, type LevelWithSilent, type Logger, pino, type StreamEntry } from 'pino'
import pretty from 'pino-pretty'
import { HubError, messageOf } from '../errors.js'
import { LogFile, MAX_UNWRITTEN } from './log-file.js'

/** Bytes that a pipe takes as a whole, so that workers that share it tear no lines. [spec] */
const PIPE_BUF = 4096

/** Ms after which a pipe that was full is tried again. */
const RETRY = 100

/**
 * The hub's log: on standard error, for people on a terminal and as JSON else; and, where a
 * folder is configured, in `ssehub.log` there. [ssehub]
 *
 * @throws {HubError} `INVALID_CONFIG` if the folder cannot be written to
 */
export function createLogger(level: LevelWithSilent, logdir: string | undefined): Logger {
  const threshold: Level = level === 'silent' ? 'fatal' : level
  const stderr = process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' })
    : toStderr()
  stderr.on('error', () => {}) // nobody reads it; the hub goes on
  const streams: StreamEntry[] = [{ level: threshold, stream: stderr }]
  if (logdir !== undefined) {
    const file = openFile(logdir, tellOnce(pino({ level }, stderr)))
    streams.push({ level: threshold, stream: file })
  }
  return pino({ level }, pino.multistream(streams))
}

/** Standard error; where its reader stalls, lines wait for it, and the hub does not. */
function toStderr() {
  const stderr = pino.destination({
    dest: 2,
    sync: true,
    maxLength: MAX_UNWRITTEN,
    maxWrite: PIPE_BUF,
    retryEAGAIN: () => false, // else pino sleeps until there is room, and all of the hub with it
  })
  let isToRetry = false
  stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EAGAIN' || isToRetry) return
    isToRetry = true
    setTimeout(() => {
      isToRetry = false
      stderr.write('')
    }, RETRY).unref()
  })
  return stderr
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
