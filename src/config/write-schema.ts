import { writeFileSync } from 'node:fs'
import { schemaFile } from './files.js'
import { schemaText } from './schema-text.js'

// Run as a script after a change of the schema: `npm run schema`.
writeFileSync(schemaFile, schemaText())
