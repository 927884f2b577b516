import type { Options } from 'tsup'
import { packageBuild } from '../../scripts/package-build.ts'

const build: Options | Options[] = packageBuild({
  index: 'src/index.ts',
  'adapter-kit': 'src/adapter-kit.ts',
  'health/index': 'src/health/index.ts',
  file: 'src/discovery/file.ts',
  'snapshot-file': 'src/table/snapshot-file.ts',
  'discovery/dns/index': 'src/discovery/dns/index.ts',
  'service/index': 'src/service/index.ts',
  'parity/index': 'src/parity/index.ts',
  'simulate/index': 'src/simulate/index.ts',
  'table/redis/index': 'src/table/redis/index.ts',
  'testing/index': 'src/testing/index.ts',
})

export default build
