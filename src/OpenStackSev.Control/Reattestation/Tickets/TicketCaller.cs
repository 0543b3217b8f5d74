using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Tickets;

/// <summary>An instance with its ticket in <c>Authorization: Bearer</c>, where instances are expected and nowhere else.</summary>
internal sealed class TicketCaller(TicketDesk desk, GuestLimits limits) : ICallerSource
{
    private const string Scheme = "Bearer ";

    public ValueTask<Caller?> CallerOfAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GuestEndpoint>() is null)
            return ValueTask.FromResult<Caller?>(null);
        // Before the ticket is looked at, so that guessing is bounded too.
        limits.OfAddress(context.Connection.RemoteIpAddress);
        string header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw new ApiException(AttestationErrors.TicketMissing, "the request brings no ticket of an instance");
        Guid instance = desk.Read(header[Scheme.Length..].Trim());
        limits.OfInstance(instance);
        return ValueTask.FromResult<Caller?>(Caller.OfInstance(instance));
    }
}

/// <summary>Marks what is for instances with their ticket: nobody else has business there.</summary>
internal sealed class GuestEndpoint;
