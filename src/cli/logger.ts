import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Level, type LevelWithSilent, type Logger, pino, type StreamEntry } from 'pino'
import pretty from 'pino-pretty'
import { HubError, messageOf } from '../errors.js'

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
    : pino.destination({ dest: 2, sync: true })
  const streams: StreamEntry[] = [{ level: threshold, stream: stderr }]
  if (logdir !== undefined) streams.push({ level: threshold, stream: openFile(logdir) })
  return pino({ level }, pino.multistream(streams))
}

function openFile(logdir: string) {
  try {
    mkdirSync(logdir, { recursive: true })
    return pino.destination({ dest: join(logdir, 'ssehub.log'), sync: true, append: true })
  } catch (error) {
    throw new HubError(
      'INVALID_CONFIG',
      `server.logdir: cannot write a log to ${logdir}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}
