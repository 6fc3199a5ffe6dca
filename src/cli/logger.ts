import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Level, type LevelWithSilent, type Logger, pino, type StreamEntry } from 'pino'
import pretty from 'pino-pretty'
import { HubError, messageOf } from '../errors.js'

/** Characters of a log that are held until they can be written; what comes then is lost. */
const MAX_UNWRITTEN = 1_048_576

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
    : pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN })
  stderr.on('error', () => {}) // nobody reads it; the hub goes on
  const streams: StreamEntry[] = [{ level: threshold, stream: stderr }]
  if (logdir !== undefined) {
    const file = openFile(logdir)
    file.on('error', tellOnce(pino({ level }, stderr)))
    streams.push({ level: threshold, stream: file })
  }
  return pino({ level }, pino.multistream(streams))
}

/** A log that cannot be written, on a full disk say, is to cost lines and nothing else. */
function tellOnce(logger: Logger): (error: Error) => void {
  let isTold = false
  return (error) => {
    if (!isTold) logger.error({ err: error }, 'the log file cannot be written; lines are lost')
    isTold = true
  }
}

function openFile(logdir: string) {
  try {
    mkdirSync(logdir, { recursive: true })
    const dest = join(logdir, 'ssehub.log')
    return pino.destination({ dest, sync: true, append: true, maxLength: MAX_UNWRITTEN })
  } catch (error) {
    throw new HubError(
      'INVALID_CONFIG',
      `server.logdir: cannot write a log to ${logdir}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
