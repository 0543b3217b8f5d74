using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Api.Client;
using OpenStackSev.Guest.Instructions;

namespace OpenStackSev.Guest.Rounds;

/// <summary>The control plane that the instructions name.</summary>
internal static class ControlPlane
{
    private static readonly AttestationClientOptions s_bounds = new() { Timeout = TimeSpan.FromSeconds(30), MaximumResponseBytes = 64 * 1024 };

    public static GuestClient Connect(FoundInstructions found, TimeProvider time) => new(Transport(found), found.Instructions.Url, s_bounds with { Time = time });

    private static SocketsHttpHandler Transport(FoundInstructions found)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = 16,
            // A round each few minutes: a connection is not kept from one to the next.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
        };
        if (found.Instructions.Ca is { } ca)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(InstructionsReading.Authorities(ca, found.Place));
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}

/// <summary>The control plane's answer cannot be meant for us.</summary>
/// <param name="code">One of <see cref="ControlCodes"/>.</param>
internal sealed class ControlAnswerException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>Stable: once shipped, never changed. Each has a line in README.md.</summary>
internal static class ControlCodes
{
    public const string MalformedChallenge = "guest.control.challenge";
    public const string MalformedResult = "guest.control.result";

    /// <summary>No answer. A refusal has the code of the control plane instead.</summary>
    public const string Unreachable = "guest.control.unreachable";

    /// <summary>An answer with an error that is not the service's, such as a proxy's.</summary>
    public const string Refused = "guest.control.refused";
}
