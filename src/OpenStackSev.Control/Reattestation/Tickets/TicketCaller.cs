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
        string header = context.Request.Headers.Authorization.ToString();
        Guid? instance = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? desk.Find(header[Scheme.Length..].Trim()) : null;
        if (instance is not { } own)
        {
            // Of the address only what has no good ticket counts: instances behind one router must not feel what a neighbour guesses.
            limits.OfAddress(context.Connection.RemoteIpAddress);
            throw header.Length == 0
                ? new ApiException(AttestationErrors.TicketMissing, "the request brings no ticket of an instance")
                : new ApiException(AttestationErrors.TicketInvalid, "this ticket was not made here, or its key is gone");
        }

        limits.OfInstance(own);
        return ValueTask.FromResult<Caller?>(Caller.OfInstance(own));
    }
}

/// <summary>Marks what is for instances with their ticket: nobody else has business there.</summary>
internal sealed class GuestEndpoint;
