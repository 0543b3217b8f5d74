using System.Net;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>How often one instance, the instances of one project, and an address without a ticket may come. What one of them does costs the others nothing.</summary>
internal sealed class GuestLimits(ReattestationOptions options, TimeProvider time)
{
    private const string Nowhere = "";

    private readonly TokenBuckets<string> addresses = new(options.AddressRequests, options.AddressRequests / 10, time);
    private readonly TokenBuckets<Guid> instances = new(options.InstanceRequests, options.InstanceRequests / 3, time);
    private readonly TokenBuckets<string> projects = new(options.ProjectRequests, options.ProjectRequests / 10, time);

    /// <exception cref="ApiException">429.</exception>
    public void OfAddress(IPAddress? address) => Require(addresses.Take(address?.ToString() ?? Nowhere), "this address");

    /// <exception cref="ApiException">429.</exception>
    public void OfInstance(Guid instance) => Require(instances.Take(instance), "this instance");

    /// <exception cref="ApiException">429.</exception>
    public void OfProject(string project) => Require(projects.Take(project), "the instances of this project");

    private static void Require(TimeSpan? wait, string who)
    {
        if (wait is { } time)
            throw new ApiException(AttestationErrors.TooManyOfGuest, $"too many requests of {who}; wait, then go on slower") { RetryAfter = time };
    }
}
