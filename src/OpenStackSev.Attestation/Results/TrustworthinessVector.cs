namespace OpenStackSev.Attestation.Results;

/// <summary>An aspect of trustworthiness that AR4SI names.</summary>
public enum TrustworthinessClaim
{
    InstanceIdentity,
    Configuration,
    Executables,
    FileSystem,
    Hardware,
    RuntimeOpaque,
    StorageOpaque,
    SourcedData,
}

/// <summary>What a verifier claims of each aspect, from -128 to 127; 0 is no claim.</summary>
/// <remarks>
/// Source: draft-ietf-rats-ar4si-09, "Enumeration Encoding" and "Specific Claims". 2 to 31 affirm, 32 to 95 warn, 96 to 127 contraindicate;
/// -2 to -32, -33 to -96 and -97 to -128 are the same of reasons that no standard enumerates; -1, 0 and 1 make no claim.
/// </remarks>
public sealed record TrustworthinessVector
{
    public sbyte InstanceIdentity { get; init; }
    public sbyte Configuration { get; init; }
    public sbyte Executables { get; init; }
    public sbyte FileSystem { get; init; }
    public sbyte Hardware { get; init; }
    public sbyte RuntimeOpaque { get; init; }
    public sbyte StorageOpaque { get; init; }
    public sbyte SourcedData { get; init; }

    /// <summary>The tier of its worst claim. What is not claimed does not count: a vector without any claim is <see cref="Verdict.None"/>.</summary>
    public Verdict Tier
    {
        get
        {
            Verdict worst = Verdict.None;
            foreach (TrustworthinessClaim claim in Enum.GetValues<TrustworthinessClaim>())
            {
                Verdict tier = TierOf(this[claim]);
                worst = tier > worst ? tier : worst;
            }
            return worst;
        }
    }

    /// <summary>The value of one aspect.</summary>
    public sbyte this[TrustworthinessClaim claim] => claim switch
    {
        TrustworthinessClaim.InstanceIdentity => InstanceIdentity,
        TrustworthinessClaim.Configuration => Configuration,
        TrustworthinessClaim.Executables => Executables,
        TrustworthinessClaim.FileSystem => FileSystem,
        TrustworthinessClaim.Hardware => Hardware,
        TrustworthinessClaim.RuntimeOpaque => RuntimeOpaque,
        TrustworthinessClaim.StorageOpaque => StorageOpaque,
        _ => SourcedData,
    };

    /// <summary>The tier of one value.</summary>
    public static Verdict TierOf(sbyte value) => value switch
    {
        -1 or 0 or 1 => Verdict.None,
        >= -32 and < 32 => Verdict.Affirming,
        >= -96 and < 96 => Verdict.Warning,
        _ => Verdict.Contraindicated,
    };

    /// <summary>The same with another value of one aspect.</summary>
    public TrustworthinessVector With(TrustworthinessClaim claim, sbyte value) => claim switch
    {
        TrustworthinessClaim.InstanceIdentity => this with { InstanceIdentity = value },
        TrustworthinessClaim.Configuration => this with { Configuration = value },
        TrustworthinessClaim.Executables => this with { Executables = value },
        TrustworthinessClaim.FileSystem => this with { FileSystem = value },
        TrustworthinessClaim.Hardware => this with { Hardware = value },
        TrustworthinessClaim.RuntimeOpaque => this with { RuntimeOpaque = value },
        TrustworthinessClaim.StorageOpaque => this with { StorageOpaque = value },
        _ => this with { SourcedData = value },
    };
}
