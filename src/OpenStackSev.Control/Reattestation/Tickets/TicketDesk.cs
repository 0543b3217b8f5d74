using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Reattestation.Keys;

namespace OpenStackSev.Control.Reattestation.Tickets;

/// <summary>Hands out tickets with what an instance needs beside them, and reads those that come back.</summary>
internal sealed class TicketDesk
{
    private readonly KeyFile<TicketKeys> keys;
    private readonly KeyFile<string>? authorities;
    private readonly Uri? url;
    private readonly ILogger<TicketDesk> log;

    public TicketDesk(ReattestationOptions options, ApiOptions api, ProcessOptions process, ILogger<TicketDesk> log)
    {
        keys = new KeyFile<TicketKeys>(options.TicketKeysIn(process), TicketKeys.Parse, isSecret: true, log);
        authorities = options.GuestCa is { } file ? new KeyFile<string>(file, Certificates, isSecret: false, log) : null;
        url = options.GuestUrlOf(api);
        this.log = log;
    }

    /// <exception cref="ApiException">503.</exception>
    public GuestInstructions For(Guid instance)
    {
        if (url is null)
        {
            Log.WithoutUrl(log);
            throw new ApiException(AttestationErrors.KeysUnavailable, "the service does not know the URL that guests are to use; the log says more");
        }

        return new GuestInstructions(url, Ticket.Of(keys.Current().Current, instance), instance, authorities?.Current());
    }

    /// <summary>Whose ticket it is; null for what was not made here.</summary>
    /// <exception cref="ApiException">503.</exception>
    public Guid? Find(string ticket) => Ticket.TryRead(ticket, keys.Current(), out Guid instance) ? instance : null;

    private static string Certificates(string text) => text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) && !text.Contains("PRIVATE KEY", StringComparison.Ordinal)
        ? text
        : throw new FormatException("there have to be certificates in PEM, and no key");
}

internal static partial class Log
{
    [LoggerMessage(4303, LogLevel.Error, "no URL is known under which instances reach this service: set [reattestation] guest_url or [api] public_endpoint")]
    public static partial void WithoutUrl(ILogger logger);
}
