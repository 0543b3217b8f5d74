namespace OpenStackSev.Api.Hosts;

/// <summary>How the encrypted instances of a host can be moved away. Nothing was done, and Nova chooses the target of each.</summary>
/// <param name="Steps">In the order in which they lose least: what is shut off first, then the oldest.</param>
/// <param name="Blocked">What cannot be moved now, and why.</param>
/// <param name="Models">Those of the instances.</param>
/// <param name="Targets">Hosts with ASIDs of these models: those that count first.</param>
/// <param name="Notes">What was not looked at, and what is to be known.</param>
public sealed record DrainPlan(
    Guid Node, string Name, IReadOnlyList<DrainStep> Steps, IReadOnlyList<DrainBlocked> Blocked, IReadOnlyList<DrainModel> Models, IReadOnlyList<DrainTarget> Targets,
    IReadOnlyList<string> Notes);

/// <param name="Number">From 1.</param>
/// <param name="Project">Keystone's id.</param>
/// <param name="Commands">To be run one after the other, by an administrator.</param>
public sealed record DrainStep(int Number, Guid Instance, string Name, string Project, string Model, string Status, IReadOnlyList<string> Commands, string? Flavor = null);

/// <param name="Code"><c>drain.no_headroom</c> or <c>drain.status</c>.</param>
public sealed record DrainBlocked(Guid Instance, string Name, string Project, string Model, string Status, string Code, string Detail);

/// <param name="Instances">Of this model on the host.</param>
/// <param name="Free">ASIDs of it on targets that count.</param>
/// <param name="Short">So many find no room.</param>
public sealed record DrainModel(string Model, int Instances, int Free, int Short);

/// <param name="Trust"><c>unknown</c>, <c>trusted</c>, <c>untrusted</c> or <c>quarantined</c>.</param>
/// <param name="Excluded">Why it does not count: <c>drain.target.quarantined</c>, <c>drain.target.untrusted</c>, <c>drain.target.disabled</c>; null when it does.</param>
public sealed record DrainTarget(Guid Node, string Name, string Trust, IReadOnlyList<DrainRoom> Room, string? Excluded = null);

/// <param name="Free">Of the provider's inventory: total less reserved less used.</param>
public sealed record DrainRoom(string Model, int Total, int Reserved, int Used, int Free);

/// <summary>What an update of a host's firmware takes away, and what it brings.</summary>
/// <param name="Product">e.g. <c>turin</c>; null for one that is not known.</param>
/// <param name="CurrentTcb">CURRENT_TCB as the host reports it, 16 hex digits; null where it does not.</param>
/// <param name="Target">What was asked about, in words; null for the thresholds that are known.</param>
/// <param name="Losses">Capabilities that go, or are gone.</param>
/// <param name="Gains">Bulletins that are open on this host.</param>
/// <param name="Steps">What to do, in this order.</param>
public sealed record UpgradeCheck(
    Guid Node, string Name, IReadOnlyList<UpgradeLoss> Losses, IReadOnlyList<UpgradeGain> Gains, IReadOnlyList<string> Steps, string? Product = null, string? CurrentTcb = null,
    string? Target = null)
{
    /// <summary>Instances that could not be started again on the host, of losses that the target brings or may bring.</summary>
    public int Stranded => Losses.Where(loss => loss.When != "never").SelectMany(loss => loss.Stranded).Select(one => one.Instance).Distinct().Count();
}

/// <param name="Code">e.g. <c>upgrade.sev_es.withdrawn</c>.</param>
/// <param name="When"><c>now</c>: it is gone already; <c>target</c>: with what was asked about; <c>threshold</c>: with the first version past it; <c>unknown</c>: what was asked about does not say; <c>never</c>: not with what was asked about, or not on this host.</param>
/// <param name="Threshold">e.g. <c>CURRENT_TCB snp ≥ 27</c>.</param>
/// <param name="Stranded">Instances on the host that need it.</param>
public sealed record UpgradeLoss(string Code, string When, string Threshold, string Detail, IReadOnlyList<StrandedInstance> Stranded);

/// <param name="Project">Keystone's id.</param>
public sealed record StrandedInstance(Guid Instance, string Name, string Project, string Model, string Status);

/// <param name="Closes">The target has what it asks for; null where no target was named, or it does not say.</param>
/// <param name="Missing">What the host lacks now.</param>
public sealed record UpgradeGain(string Bulletin, string Title, IReadOnlyList<string> Cves, string Missing, bool? Closes = null);
