namespace OpenStackSev.Control.Conventions;

/// <summary>The ids by which a request is found in the logs of all services.</summary>
/// <param name="Local">Ours, told to the caller.</param>
/// <param name="Global">The caller's, when it sent a well-formed one.</param>
public sealed record RequestIds(string Local, string? Global)
{
    public const string Header = "X-Openstack-Request-Id";

    private const string Prefix = "req-";
    private static readonly AsyncLocal<RequestIds?> s_current = new();

    /// <summary>Those of the request, or of the job, on whose behalf this code runs.</summary>
    public static RequestIds? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    /// <summary>What goes onward to other services.</summary>
    public string Onward => Global ?? Local;

    public static RequestIds New(string? inbound) => new(Prefix + Guid.NewGuid(), IsWellFormed(inbound) ? inbound : null);

    /// <summary><c>req-</c> and a UUID, as oslo.middleware asks; anything else could be written into logs.</summary>
    private static bool IsWellFormed(string? id) =>
        id is { Length: 40 } && id.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(id[Prefix.Length..], "D", out _);
}
