namespace OpenStackSev.Agent.Capacity;

/// <summary>Something about this node's capacity that an operator should know. Publishing goes on.</summary>
/// <param name="Code">Stable code of <see cref="CapacityCodes"/> or of the platform's facts.</param>
/// <param name="Subject">Provider, model or file.</param>
/// <param name="Detail">What is wrong, what it does, and the remedy, in one line.</param>
public sealed record CapacityFinding(string Code, string Subject, string Detail)
{
    public override string ToString() => $"{Code} {Subject}: {Detail}";
}

/// <summary>Codes of <see cref="CapacityFinding"/>. Once shipped, never changed; each has a line in README.md.</summary>
public static class CapacityCodes
{
    /// <summary>Nova's MEM_ENCRYPTION_CONTEXT promises more than the host has.</summary>
    public const string NovaOvercommits = "capacity.nova.overcommits";

    /// <summary>Nova's MEM_ENCRYPTION_CONTEXT promises less than the host has.</summary>
    public const string NovaUndercounts = "capacity.nova.undercounts";

    /// <summary>Nova offers SEV-ES and SEV-SNP as if each had the whole shared pool.</summary>
    public const string NovaSharesPool = "capacity.nova.pool_offered_twice";

    /// <summary>Nova offers a model that this host cannot start.</summary>
    public const string NovaOffersUnusable = "capacity.nova.offers_unusable";

    /// <summary>The host can start a model that this cloud's Nova cannot launch.</summary>
    public const string NotLaunchable = "capacity.model.not_launchable";

    /// <summary>Encrypted guests run here that hold no allocation of ours.</summary>
    public const string ForeignGuests = "capacity.guests.without_allocation";

    /// <summary>A model was withdrawn since the host cannot start it any more.</summary>
    public const string Withdrawn = "capacity.model.withdrawn";

    /// <summary>More ASIDs are allocated than the host now has.</summary>
    public const string ShrunkBelowUsage = "capacity.total.below_usage";

    /// <summary>Our provider's name belongs to a provider that is not ours.</summary>
    public const string NameTaken = "capacity.provider.name_taken";

    /// <summary>Somebody else keeps changing our providers back.</summary>
    public const string AnotherWriter = "capacity.another_writer";

    /// <summary>What the next start must remember could not be written.</summary>
    public const string StateNotSaved = "capacity.state.not_saved";

    /// <summary>The machine is a folder: its numbers are made up.</summary>
    public const string Simulated = "capacity.machine.simulated";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        NovaOvercommits, NovaUndercounts, NovaSharesPool, NovaOffersUnusable, NotLaunchable,
        ForeignGuests, Withdrawn, ShrunkBelowUsage, NameTaken, AnotherWriter, StateNotSaved, Simulated,
    ];
}
