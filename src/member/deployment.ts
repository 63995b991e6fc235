/**
 * The clusters that a deployment has, as its operator wrote them down. Each has objects, ids and peers of
 * its own: all they share is the code.
 */
import { DEFAULT_CLUSTER, isClusterName } from '../api/cluster-name.ts';
import { Code, StatusError } from '../api/errors.ts';
import { type ClusterConfig, ConfigError, parseCluster, type Region } from './cluster-config.ts';

/** Where alone an object may run and keep its data, by Cloudflare's names, and the regions within. */
const JURISDICTION_REGIONS = {
  eu: ['weur', 'eeur'],
  us: ['wnam', 'enam'],
  fedramp: ['wnam', 'enam'],
} as const satisfies Record<string, readonly Region[]>;
export type Jurisdiction = keyof typeof JURISDICTION_REGIONS;

export interface ClusterPlan {
  readonly config: ClusterConfig;
  /** Undefined: none. Objects of one name differ from jurisdiction to jurisdiction. */
  readonly jurisdiction: Jurisdiction | undefined;
}

interface Entry {
  readonly name: string;
  readonly jurisdiction: Jurisdiction | undefined;
  /** As EDGETCD_MEMBERS; undefined: what that says. */
  readonly members: string | undefined;
}

/** Stands for all names without an entry of their own. */
const ANY = '*';
const ENTRY = /^(?<name>\*|[^\s@]+)(?:@(?<jurisdiction>\S+))?(?:\s+(?<members>\S.*))?$/;

export class Deployment {
  readonly #members: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  /**
   * @param members EDGETCD_MEMBERS
   * @param clusters EDGETCD_CLUSTERS: `NAME[@JURISDICTION] [MEMBERS]`, separated by semicolons; `*` for
   * every other name, and as good as written when there is no entry at all
   * @throws ConfigError
   */
  constructor(members: string, clusters: string | undefined) {
    this.#members = members;
    const texts = (clusters ?? '').split(';').map((text) => text.trim());
    const entries = texts.filter((text) => text !== '').map(parseEntry);
    if (entries.length === 0) entries.push(parseEntry(ANY));
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    if (this.#entries.size < entries.length) {
      throw new ConfigError(`read EDGETCD_CLUSTERS "${clusters}": a name appears twice`);
    }
  }

  has(name: string): boolean {
    return name === DEFAULT_CLUSTER || this.#entries.has(name) || this.#entries.has(ANY);
  }

  /** @throws StatusError NotFound; ConfigError when the cluster's members do not read */
  require(name: string): ClusterPlan {
    if (this.has(name)) return this.plan(name);
    throw new StatusError(
      Code.NotFound,
      `edgetcd: choose cluster "${name}": this deployment has none of that name (EDGETCD_CLUSTERS)`,
    );
  }

  /** Also of a cluster that the deployment has no more: its objects are still there. @throws ConfigError */
  plan(name: string): ClusterPlan {
    const entry = this.#entries.get(name) ?? this.#entries.get(ANY);
    const config = parseCluster(name, entry?.members ?? this.#members);
    const jurisdiction = entry?.jurisdiction;
    if (jurisdiction !== undefined) refuseOutside(config, jurisdiction);
    return { config, jurisdiction };
  }
}

/** Is a hint at this region of use where only objects of the jurisdiction are? */
export function isWithin(region: Region, jurisdiction: Jurisdiction): boolean {
  return (JURISDICTION_REGIONS[jurisdiction] as readonly Region[]).includes(region);
}

export function isJurisdiction(text: string): text is Jurisdiction {
  return Object.hasOwn(JURISDICTION_REGIONS, text);
}

function parseEntry(text: string): Entry {
  const { name, jurisdiction, members } = ENTRY.exec(text)?.groups ?? {};
  if (name === undefined || (name !== ANY && !isClusterName(name))) {
    throw new ConfigError(
      `read EDGETCD_CLUSTERS entry "${text}": expected NAME[@JURISDICTION] [MEMBERS]`,
    );
  }
  if (jurisdiction !== undefined && !isJurisdiction(jurisdiction)) {
    throw new ConfigError(
      `read EDGETCD_CLUSTERS entry "${text}": unknown jurisdiction "${jurisdiction}", expected one of ${Object.keys(JURISDICTION_REGIONS).join(', ')}`,
    );
  }
  return { name, jurisdiction, members };
}

function refuseOutside({ name, members }: ClusterConfig, jurisdiction: Jurisdiction): void {
  for (const { name: member, region } of members) {
    if (region === undefined || isWithin(region, jurisdiction)) continue;
    throw new ConfigError(
      `read the members of cluster "${name}": ${member} is in region ${region}, and jurisdiction ${jurisdiction} has ${JURISDICTION_REGIONS[jurisdiction].join(' and ')}`,
    );
  }
}
