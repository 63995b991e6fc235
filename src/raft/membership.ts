/** Changes of the configuration in force (thesis 4), by an applied entry or by a snapshot. */
import { changed } from './confchange/changer.ts';
import type { Core } from './core.ts';
import { isVoter } from './quorum/joint.ts';
import { maybeCommit } from './replicate.ts';
import { configOf, confStateOf, type TrackerConfig } from './tracker/tracker.ts';
import { abdicate } from './transfer.ts';
import { type ConfChange, type ConfState, NO_NODE, type SnapshotMeta } from './types.ts';

/**
 * Puts a committed change in force. A change that does not fit the configuration changes nothing,
 * equally on every member: leaders do not append such, but the entry may be another program's.
 */
export function applyConfChange(core: Core, change: ConfChange): ConfState {
  const { config } = changed(core.config, change);
  if (config !== undefined) switchConfig(core, config);
  return confStateOf(core.config);
}

function switchConfig(core: Core, config: TrackerConfig): void {
  core.tracker = core.trackerFor(config, core.tracker.progress);
  if (core.role === 'follower') return;
  if (core.role === 'leader') {
    if (!isVoter(config, core.id)) {
      abdicate(core);
      return;
    }
    if (!isVoter(config, core.leadTransferee)) core.leadTransferee = NO_NODE;
    core.idleTicks = 0;
    core.sendsDue = true;
    // A smaller quorum may have stored more.
    maybeCommit(core);
  } else if (!isVoter(config, core.id)) {
    core.becomeFollower(core.term, NO_NODE);
  }
}

/** A snapshot from the leader: ignored when it brings nothing new (etcd #18055). */
export function restoreSnapshot(core: Core, meta: SnapshotMeta): void {
  const { log } = core;
  if (meta.index <= log.commit) return;
  if (log.matches(meta)) {
    // The log holds all of it; only the news that it is committed was missing.
    log.commitTo(meta.index);
    return;
  }
  log.restore(meta);
  core.tracker = core.trackerFor(configOf(meta.confState), new Map());
}
