import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const conf = join(packageRoot(), 'conf')

/** The configuration that the hub starts with if it is given none. */
export const defaultConfigFile = join(conf, 'config.json')

/** The JSON Schema of the configuration, for editors. */
export const schemaFile = join(conf, 'config.schema.json')

/** The nearest folder above this file that has a package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder)
  }
  return folder
}
