import { Ajv, type ErrorObject } from 'ajv'
import { type Fault, keyPath, shown } from './fault.js'
import { FORMATS } from './formats.js'
import { FileSchema, type FilledFile } from './schema.js'
import { keysOf, type SchemaNode, wanted } from './schema-node.js'

const ajv = new Ajv({
  validateSchema: false, // a test does, so that the hub need not at each start
  strict: true,
  allErrors: true,
  verbose: true,
  useDefaults: true,
  ownProperties: true,
})
for (const [name, { validate }] of Object.entries(FORMATS)) ajv.addFormat(name, validate)
const isFilled = ajv.compile<FilledFile>(FileSchema)

/**
 * Checks a configuration against the schema and fills the defaults in, in place.
 *
 * @returns the same object, or all that is wrong with it, one fault for each place
 */
export function check(file: unknown): { filled: FilledFile } | { faults: Fault[] } {
  if (isFilled(file)) return { filled: file }
  return { faults: onePerPlace((isFilled.errors ?? []).map(toFault)) }
}

function toFault({ instancePath, keyword, params, parentSchema, data }: ErrorObject): Fault {
  const schema = parentSchema as SchemaNode
  const path = instancePath.split('/').slice(1).map(toKey)
  if (keyword === 'additionalProperties') {
    const known = keysOf(schema).filter((key) => key !== '$schema')
    const problem = `unknown key; known here: ${known.join(', ')}`
    return { path: [...path, params.additionalProperty], problem }
  }
  if (keyword === 'required') {
    const key: string = params.missingProperty
    const problem = `found nothing, wants ${wanted(schema.properties?.[key] ?? {})}`
    return { path: [...path, key], problem }
  }
  const found = schema.writeOnly ? 'something else' : shown(data)
  return { path, problem: `found ${found}, wants ${wanted(schema)}` }
}

/** Reads a step of a JSON Pointer. */
function toKey(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')
}

/**
 * Where a value may be of this kind or that, ajv has a fault for each kind, then one for all:
 * the last one counts. It does not where one deeper down says more exactly what is wrong.
 */
function onePerPlace(faults: readonly Fault[]): Fault[] {
  const byPlace = new Map<string, Fault>()
  const above = new Set<string>()
  for (const fault of faults) {
    const { path } = fault
    byPlace.set(keyPath(path), fault)
    for (let length = 0; length < path.length; length += 1)
      above.add(keyPath(path.slice(0, length)))
  }
  return [...byPlace].filter(([place]) => !above.has(place)).map(([, fault]) => fault)
}
