using System.Net;

namespace OpenStackSev.Endorsements.Kds;

/// <summary>A key distribution service has not what was asked for, answered with something else, or did not answer.</summary>
/// <param name="service">Address of the service.</param>
/// <param name="path">Path and query of the request.</param>
/// <param name="status">Null when no answer came.</param>
/// <param name="code">One of <see cref="KdsCodes"/>.</param>
/// <param name="detail">What happened; bounded.</param>
/// <param name="retryAfter">What the service asks to wait, as it said it.</param>
public sealed class KdsException(
    Uri service, string path, HttpStatusCode? status, string code, string detail, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception($"{service.Authority} {(status is { } answered ? $"{(int)answered} " : "")}{code}: {detail} (GET {path})", inner)
{
    public Uri Service { get; } = service;
    public string Path { get; } = path;
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Branch on this, never on the message.</summary>
    public string Code { get; } = code;

    public string Detail { get; } = detail;
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>True when the same request may succeed later.</summary>
    public bool IsTransient => Code is KdsCodes.Throttled or KdsCodes.Unavailable or KdsCodes.Unreachable or KdsCodes.QueueFull;

    /// <summary>The same failure, for another request that shares it.</summary>
    internal KdsException For(string otherPath) => new(Service, otherPath, Status, Code, Detail, RetryAfter, this);
}

/// <summary>Codes of <see cref="KdsException"/>. Once shipped, never changed; README.md of this project has a line for each.</summary>
public static class KdsCodes
{
    /// <summary>404: no such chip, or not at this TCB. Never tried again by itself.</summary>
    public const string NotFound = "kds.not_found";

    /// <summary>429: asked too often.</summary>
    public const string Throttled = "kds.throttled";

    /// <summary>5xx or 408.</summary>
    public const string Unavailable = "kds.unavailable";

    /// <summary>No answer, no connection, or one that broke off.</summary>
    public const string Unreachable = "kds.unreachable";

    /// <summary>Another status: a redirection, a refusal.</summary>
    public const string Refused = "kds.refused";

    /// <summary>200 with something else than was asked for: an HTML page, too many bytes.</summary>
    public const string Malformed = "kds.malformed";

    /// <summary>A certificate or CRL of another chip, TCB or line, or one that does not lead to a root that is trusted.</summary>
    public const string Untrusted = "kds.untrusted";

    /// <summary>More requests wait than may.</summary>
    public const string QueueFull = "kds.queue_full";

    /// <summary>It is not in the folder, and no service may be asked.</summary>
    public const string Disabled = "kds.disabled";

    public static IReadOnlyList<string> All { get; } =
        [NotFound, Throttled, Unavailable, Unreachable, Refused, Malformed, Untrusted, QueueFull, Disabled];
}
