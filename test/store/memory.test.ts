// The store in memory keeps the contract of all stores.
import { MemoryStore } from '../../src/store/memory.ts';
import { testContract } from './contract.ts';
import { empty } from './entities.ts';

testContract('memory', { open: () => Promise.resolve(new MemoryStore(empty)) });
