namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>One version of the appraisal policy. Only its activation ever changes.</summary>
public sealed record PolicyVersion : StateChange
{
    public const int MaximumDocumentBytes = 256 * 1024;

    /// <summary>1, 2, 3 and so on, in the order in which they came.</summary>
    public required int Number { get; init; }

    public required string Name { get; init; }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits, of what it asks for.</summary>
    public required string Digest { get; init; }

    /// <summary>JSON as the operator gave it.</summary>
    public required byte[] Document { get; init; }

    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>User's name.</summary>
    public required string StoredBy { get; init; }

    /// <summary>When it last became the one that judges; null for one that never did.</summary>
    public DateTimeOffset? ActivatedAt { get; init; }

    public string? ActivatedBy { get; init; }

    /// <summary>It judges now. At most one does; without one the built-in default judges.</summary>
    public bool IsActive { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}

/// <summary>A launch digest that an operator knows to be good. Removed by <see cref="RemovedAt"/>, never deleted: history names it.</summary>
public sealed record ReferenceValue : StateChange
{
    /// <summary>MEASUREMENT: 96 hexadecimal digits, lower case.</summary>
    public required string Digest { get; init; }

    /// <summary>What it stands for.</summary>
    public required string Name { get; init; }

    /// <summary>The launch measured what runs: kernel hashes, or a root disk that they verify.</summary>
    public required bool CoversExecutables { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>User's name.</summary>
    public required string AddedBy { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }
    public string? RemovedBy { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}
