import { MemoryStore } from '../../src/store/memory.js'
import { describeStore } from './contract.js'

describeStore({
  name: 'memory',
  isDurable: false,
  make: async () => ({
    store: new MemoryStore(),
    again: () => new MemoryStore(),
    clean: async () => {},
  }),
})
