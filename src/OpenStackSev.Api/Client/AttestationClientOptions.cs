namespace OpenStackSev.Api.Client;

/// <summary>How a client behaves. The defaults suit a daemon.</summary>
public sealed record AttestationClientOptions
{
    /// <summary>One request, its answer's body included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An answer that is larger is refused.</summary>
    public long MaximumResponseBytes { get; init; } = 32L * 1024 * 1024;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
