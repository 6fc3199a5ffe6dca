import { SECTIONS, type SectionName } from './schema.js'
import type { SchemaNode } from './schema-node.js'

/** A key of a section, such as `server.port`. */
export interface Key {
  readonly section: SectionName
  readonly key: string
  readonly schema: SchemaNode
}

/** Every key of every section; those of `channels` are not among them. */
export const KEYS: readonly Key[] = (Object.keys(SECTIONS) as SectionName[]).flatMap((section) =>
  Object.entries(SECTIONS[section]).map(([key, schema]) => ({
    section,
    key,
    schema: schema as SchemaNode,
  })),
)
