import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../helpers/package-root.js'

const FOLDER = join(packageRoot, 'test/fuzz/corpus')

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' }

/**
 * What fuzzing begins with: requests as they should be. In the files line ends stand for nothing,
 * and `\r`, `\n`, `\t`, `\\` and `\x00` for bytes.
 */
export function readCorpus(): Buffer[] {
  return readdirSync(FOLDER)
    .sort()
    .map((name) => {
      const text = readFileSync(join(FOLDER, name), 'utf8').replaceAll('\n', '')
      const bytes = text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_all, code, letter) =>
        code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[letter] ?? letter),
      )
      return Buffer.from(bytes, 'latin1')
    })
}
