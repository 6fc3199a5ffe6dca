import { realpathSync, writeFileSync } from 'node:fs'
import { schemaFile } from './files.js'
import { FileSchema } from './schema.js'

/** A list of strings over several lines; Biome puts it on one if that is not too long. */
const LIST = /^(.*)\[\s+("[^[\]{}]*")\s+\]/gm
const WIDTH = 100

/** The JSON Schema of the configuration as its file holds it. */
export function schemaText(): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...FileSchema }
  const text = JSON.stringify(schema, null, 2)
  const onOneLine = text.replace(LIST, (list, before: string, items: string) => {
    const line = `${before}[${items.replace(/\s+/g, ' ')}]`
    return line.length < WIDTH ? line : list
  })
  return `${onOneLine}\n`
}

// Run as a script after a change of the schema: `npm run schema`.
const script = process.argv[1]
if (script && realpathSync(script) === import.meta.filename) {
  writeFileSync(schemaFile, schemaText())
}
