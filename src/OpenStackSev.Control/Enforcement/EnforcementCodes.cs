namespace OpenStackSev.Control.Enforcement;

/// <summary>Why something that the rules want is not done, or not yet. Once shipped, never changed.</summary>
public static class EnforcementReasons
{
    /// <summary>The time that the rule waits is not over.</summary>
    public const string Waiting = "enforcement.waiting";

    /// <summary><c>mode: off</c>.</summary>
    public const string ModeOff = "enforcement.mode_off";

    /// <summary><c>mode: dry-run</c>.</summary>
    public const string DryRun = "enforcement.dry_run";

    /// <summary>The project is not opted in to all that the rule wants.</summary>
    public const string ProjectNotOptedIn = "enforcement.project_not_opted_in";

    /// <summary>The rules exempt the instance, its project or its flavor.</summary>
    public const string Exempt = "enforcement.exempt";

    /// <summary>An administrator released it for some time.</summary>
    public const string Released = "enforcement.released";

    /// <summary>Too many turned bad at once.</summary>
    public const string BreakerOpen = "enforcement.breaker_open";

    /// <summary>As many as may at one look were acted on.</summary>
    public const string RunLimit = "enforcement.run_limit";

    /// <summary>As many as may in one hour were acted on.</summary>
    public const string HourLimit = "enforcement.hour_limit";

    /// <summary>It does not run: nothing it does needs to be stopped.</summary>
    public const string NotRunning = "enforcement.not_running";

    /// <summary>Its verdict is older than a round and its grace: it is asked again first.</summary>
    public const string StaleVerdict = "enforcement.stale_verdict";

    /// <summary>It has no verdict now, or one that says nothing for or against it.</summary>
    public const string NoVerdict = "enforcement.no_verdict";

    /// <summary>Nova refused or did not answer; it is tried again.</summary>
    public const string Failed = "enforcement.failed";

    /// <summary>Nova does not know it any more.</summary>
    public const string Gone = "enforcement.gone";

    /// <summary>Somebody else has locked it: his lock stays, and counts as one.</summary>
    public const string LockedByOther = "enforcement.locked_by_other";

    /// <summary>Somebody else has changed since what was done here: it is left as he wants it.</summary>
    public const string ChangedByOther = "enforcement.changed_by_other";

    /// <summary>It is good again.</summary>
    public const string Recovered = "enforcement.recovered";

    /// <summary>The rules do not want it any more.</summary>
    public const string NotWanted = "enforcement.not_wanted";

    /// <summary>The server has as many tags as Nova allows.</summary>
    public const string TagsFull = "enforcement.tags_full";
}

/// <summary>Kinds of history records of enforcement. Once shipped, never changed. What each body holds is in the folder's README.</summary>
public static class EnforcementEvents
{
    /// <summary>A request to Nova follows.</summary>
    public const string Intended = "enforcement.intended";

    public const string Done = "enforcement.done";
    public const string Undone = "enforcement.undone";

    /// <summary>Nova refused, or did not answer.</summary>
    public const string Failed = "enforcement.failed";

    /// <summary>What was intended is not wanted any more, and was not done.</summary>
    public const string Cancelled = "enforcement.cancelled";

    /// <summary>What somebody else did stays, and what we did is his now.</summary>
    public const string Kept = "enforcement.kept";

    /// <summary>It runs again though it was stopped here: it gets the time of the rules once more.</summary>
    public const string Overridden = "enforcement.overridden";

    /// <summary>The rules want something that is not done, for another reason than before.</summary>
    public const string Withheld = "enforcement.withheld";

    /// <summary>Nothing of ours is in place any more.</summary>
    public const string Cleared = "enforcement.cleared";

    /// <summary>An administrator released it.</summary>
    public const string Released = "enforcement.released";

    public const string BreakerOpened = "enforcement.breaker.opened";
    public const string BreakerResumed = "enforcement.breaker.resumed";
    public const string RulesChanged = "enforcement.rules.changed";

    /// <summary>Instances of several projects speak against their host.</summary>
    public const string QuarantineRequested = "host.quarantine.requested";
}
